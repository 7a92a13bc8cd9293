from extensions import db


class Item(db.Model):
    __tablename__ = "products"
    id = db.Column(db.Integer, primary_key=True, autoincrement=True)
    name = db.Column("name", db.String(120), nullable=False)
