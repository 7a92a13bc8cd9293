from datetime import UTC, datetime
from uuid import uuid4

from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Product(db.Model):
    __tablename__ = "products"

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(120), nullable=False)
    description = db.Column(db.Text)
    # A product that is deleted takes its notices with it.
    notices = db.relationship("Notice", cascade="all, delete-orphan")


class Notice(db.Model):
    __tablename__ = "notices"

    id = db.Column(db.Integer, primary_key=True)
    product_id = db.Column(
        db.ForeignKey("products.id"), nullable=False, unique=True, index=True
    )
    text = db.Column(db.String(200), nullable=False)


class Report(db.Model):
    __tablename__ = "reports"

    id = db.Column(db.String(36), primary_key=True, default=lambda: str(uuid4()))
    # True while the report is being made, then NULL. Only one row can have True.
    running = db.Column(db.Boolean, default=True, unique=True, index=True)
    state = db.Column(db.String(10), default="PENDING", nullable=False)
    started_at = db.Column(
        db.DateTime(timezone=True), default=lambda: datetime.now(UTC), nullable=False
    )
    content = db.Column(db.Text)

    def end(self, state, content=None):
        self.running = None
        self.state = state
        self.content = content


class Import(db.Model):
    __tablename__ = "imports"

    id = db.Column(db.Integer, primary_key=True)
    digest = db.Column(db.String(64), nullable=False, unique=True)
    # Read when it is asked for, not at each look at the progress.
    content = db.deferred(db.Column(db.LargeBinary, nullable=False))
    lines = db.Column(db.Integer, nullable=False)
    line = db.Column(db.Integer, nullable=False, default=0)
    imported = db.Column(db.Integer, nullable=False, default=0)
    bad_lines = db.relationship("BadLine", order_by="BadLine.line")


class BadLine(db.Model):
    __tablename__ = "bad_lines"

    id = db.Column(db.Integer, primary_key=True)
    import_id = db.Column(db.ForeignKey("imports.id"), nullable=False, index=True)
    line = db.Column(db.Integer, nullable=False)
    reason = db.Column(db.String(300), nullable=False)
